/** Starts one real `tth serve --web` for all browser tests. PAGE_TTH names the program where it is not in .venv. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

const START_S = 150;
const ROOT = resolve(import.meta.dirname, "../../..");

declare module "vitest" {
  interface ProvidedContext {
    pageUrl: string;
    /** The same server behind a gateway that asks for the token "sesame". */
    closedUrl: string;
  }
}

function command(): string {
  const own = resolve(ROOT, ".venv/bin/tth");
  return process.env["PAGE_TTH"] ?? (existsSync(own) ? own : "tth");
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "tth-page-"));
  const portFile = join(folder, "port");
  const server = spawn(command(), ["serve", "--port", "0", "--port-file", portFile, "--web", "127.0.0.1:0"], { cwd: ROOT });
  const url = await address(server);
  await ready(url);
  const target = `127.0.0.1:${readFileSync(portFile, "utf8").trim()}`;
  const environment = { ...process.env, TTH_GATEWAY_TOKENS: "sesame" };
  const closed = spawn(command(), ["gateway", "--target", target, "--web", "127.0.0.1:0"], { cwd: ROOT, env: environment });
  project.provide("pageUrl", url);
  project.provide("closedUrl", await address(closed));
  return async () => {
    for (const one of [closed, server]) {
      const gone = new Promise((done) => one.once("exit", done));
      one.kill("SIGTERM");
      await gone;
    }
    rmSync(folder, { recursive: true });
  };
}

/** What it prints about its address. */
function address(server: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = "";
    const timer = setTimeout(() => failed(new Error(`tth serve --web names no address:\n${said}`)), START_S * 1000);
    const look = (part: Buffer) => {
      said += part.toString();
      const url = /http:\/\/[\w.]+:\d+\//.exec(said)?.[0];
      if (url) {
        clearTimeout(timer);
        found(url);
      }
    };
    server.stdout!.on("data", look);
    server.stderr!.on("data", look);
    server.once("error", (error) => failed(new Error(`${command()} cannot be started (PAGE_TTH names another): ${error.message}`)));
    server.once("exit", (code) => failed(new Error(`tth serve --web ended with ${code}:\n${said}`)));
  });
}

async function ready(url: string): Promise<void> {
  const deadline = Date.now() + START_S * 1000;
  while (Date.now() < deadline) {
    const answer = await fetch(`${url}v1/health`).catch(() => null);
    const health = answer ? ((await answer.json()) as { status?: string }) : {};
    if (health.status === "HEALTH_STATUS_SERVING" || health.status === "HEALTH_STATUS_DEGRADED") return;
    await new Promise((later) => setTimeout(later, 250));
  }
  throw new Error("tth serve --web does not become ready");
}
