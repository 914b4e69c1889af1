// Highlights every example, every built-in net and every expected diagnostic's file with the editors' grammar.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const oniguruma = require("vscode-oniguruma");
const { Registry, INITIAL, parseRawGrammar } = require("vscode-textmate");

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../../..");
await oniguruma.loadWASM(fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);

const file = path.join(here, "../syntaxes/freeze.tmLanguage.json");
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => parseRawGrammar(fs.readFileSync(file, "utf8"), file),
});
const grammar = await registry.loadGrammar("source.freeze");

/** The tokens of a text: line, characters and innermost scope. */
function tokens(text) {
  let state = INITIAL;
  return text.split("\n").flatMap((line, number) => {
    const found = grammar.tokenizeLine(line, state);
    state = found.ruleStack;
    return found.tokens.map((token) => ({
      line: number + 1,
      text: line.slice(token.startIndex, token.endIndex),
      scopes: token.scopes.join(" "),
    }));
  });
}

let failures = 0;
function fail(message) {
  failures += 1;
  console.error(message);
}

const folders = ["dsl-examples", "src/Freeze.Language/Library"].map((folder) => path.join(root, folder));
const files = folders.flatMap((folder) =>
  fs.readdirSync(folder).filter((name) => name.endsWith(".frz")).map((name) => path.join(folder, name)),
);
if (files.length < 30) fail(`only ${files.length} files found to colour`);

for (const name of files) {
  for (const token of tokens(fs.readFileSync(name, "utf8")))
    if (token.scopes.includes("invalid"))
      fail(`${path.relative(root, name)}:${token.line}: \`${token.text}\` is ${token.scopes}`);
}

// Checks the scope of each word, and that errors are marked as such.
function expect(text, word, scope) {
  const found = tokens(text).find((token) => token.text.trim() === word);
  if (!found?.scopes.includes(scope)) fail(`in \`${text}\`, \`${word}\` is ${found?.scopes}, not ${scope}`);
}

expect("epochs 3 # often", "epochs", "support.type.property-name");
expect("epochs 3 # often", "# often", "comment");
expect("epochs 3", "3", "constant.numeric");
expect("a 1; epochs 3", "epochs", "support.type.property-name");
expect("block*.conv1: train 0.4 filters at random lr 0.1x", "block*.conv1", "entity.name.tag");
expect("conv1: train 0.4 filters at random lr 0.1x", "train", "keyword.control.action");
expect("conv1: train 0.4 filters at random lr 0.1x", "filters", "support.constant.unit");
expect("conv1: train 0.4 filters at random lr 0.1x", "at random", "keyword.other.modifier");
expect("conv1: train 0.4 filters at random lr 0.1x", "0.1x", "constant.numeric");
expect("layers 2..4: fixed", "..", "keyword.operator.range");
expect("bias in conv except conv1: fixed", "except", "keyword.other.selector");
expect("case one { conv1: fixed; rest: train }", "one", "entity.name.section");
expect("case one { conv1: fixed; rest: train }", "rest", "keyword.other.selector");
expect("let p = [0.1, 1e-3]", "p", "variable.other.constant");
expect("let p = [0.1, 1e-3]", "1e-3", "constant.numeric");
expect("let p = [0.1, 1 filter]", "filter", "support.constant.unit");
expect("each layer i in conv: train lr 0.1 * 0.8^i", "each", "keyword.other.selector");
const table = 'expect accuracy from "Table 1" {\n  on 0.1, 1 filter\n  wide: 94.12, -\n}\nepochs 3';
expect(table, "expect", "keyword.control");
expect(table, "on", "keyword.other");
expect(table, "filter", "support.constant.unit");
expect(table, "94.12", "constant.numeric");
expect(table, "epochs", "support.type.property-name");
expect("net a { conv 8 3x3; end stage 1; linear classes }", "end", "keyword.control");
const named = 'net a { linear classes; names timm, other { block*.unit*: "layer*.(*-1)"; fc: "head" } }\nepochs 3';
expect(named, "names", "keyword.control");
expect(named, "block*.unit*", "entity.name.tag.part");
expect(named, '"head"', "string");
expect(named, "epochs", "support.type.property-name");
expect("lr ~ 1e-3 * 10^normal(0, 1)", "normal", "support.function");
expect("net wrn-28-4", "net", "support.type.property-name");
expect("net mine(width) { conv1: conv width 3x3 no bias; relu }", "mine", "entity.name.type");
expect("net mine(width) { conv1: conv width 3x3 no bias; relu }", "conv", "support.function.layer");
expect("net mine(width) { conv1: conv width 3x3 no bias; relu }", "no bias", "keyword.other.option");
expect("net mine(width) { conv1: conv width 3x3 no bias; relu }\nepochs 3", "epochs", "support.type.property-name");
expect("report { table accuracy by case }\nepochs 3", "epochs", "support.type.property-name");
expect('import "common.frz"', '"common.frz"', "string");
expect('import "common', '"common', "invalid");
expect("epochs 3 €", "€", "invalid");

console.log(failures === 0 ? `${files.length} files coloured, nothing invalid` : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
