// Checks a pipeline as its CI host would read it, and prints what is wrong with it: node validate.mjs github|gitlab|kubernetes FILE
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { parse, parseAllDocuments } from 'yaml';
import { Ajv } from 'ajv';

const [host, file] = process.argv.slice(2);
const content = await readFile(file, 'utf8');

// It is written for bundlers, which import JSON as if it were a module.
const jsonAsModule = `
  import { readFile } from 'node:fs/promises';
  export async function load(url, context, next) {
    return url.endsWith('.json') ? { format: 'module', shortCircuit: true, source: 'export default ' + await readFile(new URL(url), 'utf8') } : next(url, context);
  }`;

// GitHub's own parser, with the schema that it brings.
async function github() {
  register(`data:text/javascript,${encodeURIComponent(jsonAsModule)}`);
  const { parseWorkflow, convertWorkflowTemplate } = await import('@actions/workflow-parser');
  const silent = { error() {}, info() {}, verbose() {} };
  const parsed = parseWorkflow({ name: file, content }, silent);
  const template = parsed.value && await convertWorkflowTemplate(parsed.context, parsed.value);
  return [...parsed.context.errors.getErrors().map(error => error.message), ...(template?.errors ?? []).map(error => error.Message)];
}

// GitLab's schema of its editor, as gitlab-ci-local brings it.
async function gitlab() {
  const { schema } = await import('gitlab-ci-local/src/schema/schema.js');
  const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema);
  return validate(parse(content)) ? [] : validate.errors.map(error => `${error.instancePath} ${error.message}`);
}

// What the API server publishes of its types, as kubernetes-models brings it. It lets unknown fields pass, which kubectl does not.
async function kubernetes() {
  const { Job } = await import('kubernetes-models/batch/v1');
  return parseAllDocuments(content).map(document => document.toJS()).flatMap(manifest => {
    try {
      if (manifest.kind !== 'Job' || manifest.apiVersion !== 'batch/v1') return [`${manifest.kind} ${manifest.apiVersion} is not known here`];
      new Job(manifest).validate();
      return [];
    } catch (error) {
      return [error.message];
    }
  });
}

console.log(JSON.stringify(await { github, gitlab, kubernetes }[host]()));
