import { expect } from "vitest";
import { story } from "../support/story.ts";

story("a secret is set, listed and deleted through the app by whoever may write", {}, async (told) => {
  const { sandbox, app } = told;
  await sandbox.addRepository({
    owner: "acme",
    name: "shop",
    files: { "README.md": "# Shop\n" },
    collaborators: { wanda: "write", rita: "read" },
  });
  await told.settled();
  const call = (login: string, method: string, path = "", body?: object) =>
    fetch(`http://127.0.0.1:${app.port}/api/repos/acme/shop/environment${path}`, {
      method,
      headers: { authorization: `Bearer ${sandbox.tokenOf(login)}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const secret = { kind: "secret", value: "sk_test_of_wanda" };
  const kept = sandbox.repositoryOf("acme/shop").secrets;

  expect((await call("rita", "PUT", "/STRIPE_KEY", secret)).status).toBe(403);
  expect((await call("wanda", "PUT", "/STRIPE_KEY", secret)).status).toBe(200);
  expect(kept.get("STRIPE_KEY")?.value).toBe(secret.value);

  const listed = await (await call("wanda", "GET")).text();
  expect(listed).toContain("STRIPE_KEY");
  expect(listed).not.toContain(secret.value);

  expect((await call("wanda", "DELETE", "/STRIPE_KEY?kind=secret")).status).toBe(200);
  expect(kept.size).toBe(0);
});
