begin(read("tests-data"), read("run-data"));
