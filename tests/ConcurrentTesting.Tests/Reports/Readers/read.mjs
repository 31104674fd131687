// Reads a report as a CI server's plug-in would, and prints what it makes of it: node read.mjs junit2json|junit|mstest FILE
import { readFile } from 'node:fs/promises';
import { parse as parseJUnit } from 'junit2json';
import parser from 'test-results-parser';

const [reader, file] = process.argv.slice(2);

async function junit2json() {
  const { tests, failures, errors, testsuite } = await parseJUnit(await readFile(file, 'utf8'));
  const cases = testsuite.flatMap(suite => suite.testcase);
  return {
    total: tests,
    failed: failures,
    errors,
    skipped: cases.filter(one => one.skipped).length,
    cases: cases.length,
    failedCases: cases.filter(one => one.failure || one.error).length,
    names: cases.map(one => `${one.classname} ${one.name}`),
    suites: testsuite.length,
    seconds: cases.reduce((sum, one) => sum + one.time, 0),
  };
}

function testResultsParser() {
  const result = parser.parse({ type: reader, files: [file] });
  const cases = result.suites.flatMap(suite => suite.cases);
  return {
    total: result.total,
    passed: result.passed,
    failed: result.failed,
    errors: result.errors,
    skipped: result.skipped,
    cases: cases.length,
    failedCases: cases.filter(one => one.status === 'FAIL').length,
    names: cases.map(one => one.name),
    suites: result.suites.length,
  };
}

console.log(JSON.stringify(reader === 'junit2json' ? await junit2json() : testResultsParser()));
