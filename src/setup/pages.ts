/** What people see in set-up: plain pages without a script. Everything in them is escaped by `html`. */

import { createHash } from "node:crypto";
import { html, raw } from "hono/html";

type Page = ReturnType<typeof html>;

const style = `
:root { color-scheme: light dark; --line: #767676; --accent: #0b57d0; --fault: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --line: #8f8f8f; --accent: #a8c7fa; --fault: #f2b8b5; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
label { display: block; font-weight: 600; margin-top: 1.25rem; }
input { font: inherit; box-sizing: border-box; width: 100%; padding: .5rem; border: 1px solid var(--line); border-radius: .25rem; }
button { font: inherit; font-weight: 600; margin-top: 1.5rem; padding: .6rem 1.2rem; border: 2px solid var(--accent); border-radius: .25rem; background: none; color: inherit; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.hint { margin: .25rem 0; font-size: .9rem; } .fault { color: var(--fault); font-weight: 600; margin: .25rem 0; }
[role=alert] { border-left: .3rem solid var(--fault); padding-left: .75rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; } code { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .25rem; padding: .75rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .15rem 1.5rem .15rem 0; } a { color: var(--accent); }
`;

/** As it is hashed: a space more, and the browser refuses it. */
const styleElement = raw(`<style>${style}</style>`);

/** For the content security policy: this one style sheet and nothing else. */
export const styleHash = `sha256-${createHash("sha256").update(style).digest("base64")}`;

export interface FormState {
  readonly publicUrl: string;
  readonly actionRef: string;
  readonly organisation: string;
  readonly faults: {
    readonly publicUrl: readonly string[];
    readonly actionRef: readonly string[];
    readonly organisation: readonly string[];
  };
}

export function codePage(fault: string | null): Page {
  return page(
    "Set up Phasegate",
    html`<p>
        The terminal (or the log of the container) on which Phasegate was started shows a one-time code. It is good for
        one browser.
      </p>
      ${alertOf(fault)}
      <form method="post" action="/setup/code">
        <label for="code">One-time code</label>
        <input
          id="code"
          name="code"
          required
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          maxlength="40"
        />
        <button>Go on</button>
      </form>`,
  );
}

export function addressesPage(
  form: FormState,
  formToken: string,
  target: { readonly file: string; readonly isWritable: boolean },
): Page {
  const hasFaults = Object.values(form.faults).some((faults: readonly string[]) => faults.length > 0);
  return page(
    hasFaults ? "Fault · Set up Phasegate" : "Set up Phasegate",
    html`<p>
        Phasegate works as a GitHub App of your own. This makes one, in three steps: two addresses here, one press of a
        button on GitHub, and a restart.
      </p>
      ${alertOf(hasFaults ? "Something is not right yet; see below." : null)}
      <form method="post" action="/setup">
        <input type="hidden" name="form_token" value="${formToken}" />
        ${field({
          name: "public_url",
          label: "Public address (PUBLIC_URL)",
          hint: "The https address under which GitHub and its runners reach this app, for example https://phasegate.example.org",
          value: form.publicUrl,
          faults: form.faults.publicUrl,
          isRequired: true,
        })}
        ${field({
          name: "action_ref",
          label: "Action (ACTION_REF)",
          hint: "Your copy of this repository on GitHub, at a full commit: owner/repository@ and the 40 digits that “git rev-parse HEAD” prints",
          value: form.actionRef,
          faults: form.faults.actionRef,
          isRequired: true,
        })}
        ${field({
          name: "organisation",
          label: "Organisation (optional)",
          hint: "Who shall own the App. Leave it empty for your own account.",
          value: form.organisation,
          faults: form.faults.organisation,
          isRequired: false,
        })}
        <button>Go on</button>
      </form>
      <p class="hint">
        ${
          target.isWritable
            ? html`The settings will be written to <code>${target.file}</code>, readable by this user alone.`
            : html`<code>${target.file}</code> cannot be written here, so the settings will be shown to you at the end.`
        }
      </p>`,
  );
}

export function manifestPage(order: {
  readonly action: string;
  readonly manifest: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly optionalPermissions: readonly string[];
  readonly events: readonly string[];
}): Page {
  const rows = Object.entries(order.permissions).map(
    ([name, level]) =>
      html`<tr>
        <td><code>${name}</code></td>
        <td>${level}${order.optionalPermissions.includes(name) ? ", optional" : ""}</td>
      </tr>`,
  );
  return page(
    "Make the App on GitHub",
    html`<p>
        The button leads to GitHub, which shows the App and asks for its name. Names are unique on all of GitHub: take
        one with the name of your account in it. Then GitHub sends you back here, which must happen within an hour.
      </p>
      <form method="post" action="${order.action}">
        <input type="hidden" name="manifest" value="${order.manifest}" />
        <button>Make the App on GitHub</button>
      </form>
      <h2>What it asks for</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Permission</th>
            <th scope="col">Level</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
      <p>Events: ${order.events.join(", ")}. README.md says why each is needed.</p>
      <p><a href="/setup">Back</a></p>`,
  );
}

export function donePage(done: {
  readonly appName: string;
  readonly file: string;
  readonly installUrl: string;
  /** Lines that could not be written, and why; null where all is in the file. */
  readonly unwritten: { readonly lines: string; readonly why: string } | null;
}): Page {
  const settings =
    done.unwritten === null
      ? html`<li>The settings are in <code>${done.file}</code>, which only this user can read.</li>`
      : html`<li>
          <strong>Keep these settings now.</strong> They were not written to
          <code>${done.file}</code> (${done.unwritten.why}). Put them into the environment of the app, as a secret. They
          are not shown again after the app has stopped, nor after two hours.
          <pre tabindex="0" aria-label="Settings">${done.unwritten.lines}</pre>
        </li>`;
  return page(
    "The App is made",
    html`<p>GitHub has made the App <strong>${done.appName}</strong>. What comes next:</p>
      <ol>
        ${settings}
        <li>
          Restart: stop this program (Ctrl+C) and start it again with <code>npm start</code>. A service or container is
          restarted by its own means.
        </li>
        <li>Check: <code>npm run doctor</code></li>
        <li>
          <a href="${done.installUrl}">Install the App on a repository</a>, add the repository secret ANTHROPIC_API_KEY
          or CLAUDE_CODE_OAUTH_TOKEN, and set the label create_app on an issue.
        </li>
      </ol>`,
  );
}

export function messagePage(
  title: string,
  message: string,
  next: { readonly text: string; readonly href: string } | null,
): Page {
  return page(
    title,
    html`${alertOf(message)} ${next === null ? "" : html`<p><a href="${next.href}">${next.text}</a></p>`}`,
  );
}

function field(about: {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly faults: readonly string[];
  readonly isRequired: boolean;
}): Page {
  const { name, faults } = about;
  return html`<label for="${name}">${about.label}</label>
    <p class="hint" id="${name}_hint">${about.hint}</p>
    <input
      id="${name}"
      name="${name}"
      value="${about.value}"
      maxlength="500"
      autocomplete="off"
      spellcheck="false"
      aria-describedby="${name}_hint ${name}_fault"
      ${about.isRequired ? raw("required") : ""}
      ${faults.length > 0 ? raw('aria-invalid="true"') : ""}
    />
    <div id="${name}_fault">${faults.map((fault) => html`<p class="fault">${fault}</p>`)}</div>`;
}

function alertOf(message: string | null): Page | string {
  return message === null ? "" : html`<p role="alert">${message}</p>`;
}

function page(title: string, content: Page): Page {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
}
