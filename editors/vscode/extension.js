// The editor side: the language client, and commands that run freeze in a terminal or a task.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

const language = "freeze";

/** @type {LanguageClient | undefined} */
let client;

/** The program that the user has set; otherwise a folder's own ./freeze, if it exists. */
function program(uri) {
  const setting = vscode.workspace.getConfiguration("freeze", uri);
  const { globalValue, workspaceValue, workspaceFolderValue } = setting.inspect("command");
  if (globalValue ?? workspaceValue ?? workspaceFolderValue) return setting.get("command");

  // An untrusted workspace must not choose the program to run.
  const folder = uri && vscode.workspace.getWorkspaceFolder(uri);
  const own = folder && path.join(folder.uri.fsPath, "freeze");
  return vscode.workspace.isTrusted && own && fs.existsSync(own) ? own : setting.get("command");
}

async function startClient() {
  const first = vscode.workspace.workspaceFolders?.[0]?.uri;
  const server = { command: program(first), args: ["lsp"], transport: TransportKind.stdio };

  client = new LanguageClient("freeze", "Freeze", server, {
    documentSelector: [{ scheme: "file", language }, { scheme: "untitled", language }],
    initializationOptions: { runCommands: true },
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.frz") },
  });

  try {
    await client.start();
  } catch {
    client = undefined;
    const choice = await vscode.window.showErrorMessage(
      `Freeze: \`${server.command} lsp\` does not start. Name the program in the setting freeze.command.`,
      "Open Settings",
    );
    if (choice) vscode.commands.executeCommand("workbench.action.openSettings", "freeze.command");
  }
}

async function stopClient() {
  const stopping = client;
  client = undefined;
  await stopping?.stop();
}

/** The document that a command is about: that of a lens, else the one in front. It is saved first. */
async function documentOf(uri) {
  const wanted = typeof uri === "string" ? vscode.Uri.parse(uri) : uri;
  const document = wanted
    ? await vscode.workspace.openTextDocument(wanted)
    : vscode.window.activeTextEditor?.document;

  if (document?.languageId !== language) {
    vscode.window.showInformationMessage("Freeze: open a .frz file first.");
    return undefined;
  }

  if ((document.isDirty || document.isUntitled) && !(await document.save())) return undefined;
  return document;
}

/** Runs freeze as a task, so that what it says of a file stands in the list of problems. */
async function execute(title, command, uri, profile) {
  const document = await documentOf(uri);
  if (!document) return;

  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  const options = profile ? ["--profile", profile] : [];
  const task = new vscode.Task(
    { type: "freeze", command },
    folder ?? vscode.TaskScope.Workspace,
    `${title} ${path.basename(document.fileName)}`,
    "freeze",
    new vscode.ProcessExecution(program(document.uri), [command, ...options, document.uri.fsPath], {
      cwd: folder?.uri.fsPath ?? path.dirname(document.uri.fsPath),
    }),
    "$freeze",
  );

  await vscode.tasks.executeTask(task);
}

function activate(context) {
  const register = (name, run) => context.subscriptions.push(vscode.commands.registerCommand(name, run));

  register("freeze.check", (uri) => execute("Check", "check", uri));
  register("freeze.plan", (uri, profile) => execute("Plan", "plan", uri, profile));
  register("freeze.run", (uri, profile) => execute("Run", "run", uri, profile));
  register("freeze.report", (uri) => execute("Report", "report", uri));
  register("freeze.restart", async () => {
    await stopClient();
    await startClient();
  });

  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("freeze.command")) vscode.commands.executeCommand("freeze.restart");
    }),
  );

  return startClient();
}

module.exports = { activate, deactivate: stopClient };
