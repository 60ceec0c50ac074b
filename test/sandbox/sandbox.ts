import type { Plan, Repository, RequestRecord, Role, SandboxContext, SandboxEvent, SandboxOptions } from "./state.ts";

export type RepositoryToAdd = {
  readonly owner: string;
  readonly name: string;
  readonly private?: boolean;
  readonly plan?: Plan;
  readonly files: Readonly<Record<string, string>>;
  readonly collaborators: Readonly<Record<string, Role>>;
  /** Installs the App on it (default true). */
  readonly install?: boolean;
  /** Of the installation; by default all that app.yml asks for. */
  readonly permissions?: Readonly<Record<string, "read" | "write" | "admin">>;
};

export type WebhookRule = (event: string, action: string | null, payload: Record<string, unknown>) => boolean;

export type Sandbox = {
  readonly url: string;
  readonly context: SandboxContext;
  setWebhookUrl(url: string): void;
  addUser(login: string): void;
  addRepository(repository: RepositoryToAdd): Promise<Repository>;
  tokenOf(login: string): string;
  gitDirOf(fullName: string): string;
  readonly requests: readonly RequestRecord[];
  observe(listener: (event: SandboxEvent) => void): () => void;
  readonly webhooks: {
    /** A webhook for which it says true is lost: logged, never sent. */
    drop: WebhookRule;
    /** A webhook for which it says true is sent twice under one GUID. */
    duplicate: WebhookRule;
    /** Resolves when every webhook so far was answered. */
    idle(): Promise<void>;
  };
  stop(): Promise<void>;
};

export async function startSandbox(_options: SandboxOptions): Promise<Sandbox> {
  throw new Error("starting the sandbox: its server is not wired yet");
}
