// Checks that the files in the manifest exist, and that the extension registers its commands.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const manifest = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
const code = fs.readFileSync(path.join(folder, "extension.js"), "utf8");
const { commands, grammars, languages, problemMatchers, snippets } = manifest.contributes;
const failures = [];

for (const file of [
  manifest.main,
  ...grammars.map((g) => g.path),
  ...snippets.map((s) => s.path),
  ...languages.map((l) => l.configuration),
]) {
  if (!fs.existsSync(path.join(folder, file))) failures.push(`${file} is not there`);
  if (file.endsWith(".json")) JSON.parse(fs.readFileSync(path.join(folder, file), "utf8"));
}

const registered = [...code.matchAll(/register\("([^"]+)"/g)].map((found) => found[1]).sort();
const declared = commands.map((c) => c.command).sort();
if (registered.join() !== declared.join()) failures.push(`declared ${declared}, registered ${registered}`);

// The output of `freeze check`, as the problem matcher reads it.
const [head, place] = problemMatchers[0].pattern.map((p) => new RegExp(p.regexp));
const message = head.exec("error FRZ012: unknown selector `blok2`");
const at = place.exec("  --> table1.frz:7:1");
if (message?.[1] !== "error" || message?.[2] !== "FRZ012" || at?.[1] !== "table1.frz" || at?.[2] !== "7")
  failures.push("the problem matcher does not read what freeze prints");

for (const failure of failures) console.error(failure);
console.log(failures.length === 0 ? "the manifest agrees with the files" : `${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
