import { isMap, isScalar, parseDocument } from "yaml";
import { z } from "zod";

/** What `app.yml` says that the App asks for. */
export interface AppRights {
  readonly name: string;
  /** Permission → level, e.g. `contents` → `write`. */
  readonly permissions: Readonly<Record<string, string>>;
  /** Permissions without which only comfort is lost: their comment begins with "Optional". */
  readonly optionalPermissions: readonly string[];
  readonly events: readonly string[];
}

const AppFile = z.object({
  name: z.string().min(1).max(34),
  default_permissions: z.record(z.string(), z.enum(["read", "write"])),
  default_events: z.array(z.string()),
});

/** Throws where the file is not what GitHub's manifest needs. */
export function readAppRights(appYml: string): AppRights {
  try {
    const document = parseDocument(appYml);
    const file = AppFile.parse(document.toJS());
    const permissions = document.get("default_permissions");
    const optionalPermissions: string[] = [];
    for (const { key } of isMap(permissions) ? permissions.items : []) {
      if (isScalar(key) && /^\s*optional\b/iu.test(key.commentBefore ?? ""))
        optionalPermissions.push(String(key.value));
    }
    return {
      name: file.name,
      permissions: file.default_permissions,
      optionalPermissions,
      events: file.default_events,
    };
  } catch (cause) {
    throw new Error("reading app.yml", { cause });
  }
}

/** GitHub's App Manifest. `redirectUrl` is where GitHub sends the browser with the code. */
export function appManifest(
  rights: AppRights,
  addresses: { readonly homepage: string; readonly webhookUrl: string; readonly redirectUrl: string },
): string {
  return JSON.stringify({
    name: rights.name,
    url: addresses.homepage,
    description: "Turns a labelled issue into reviewed software, phase by phase.",
    hook_attributes: { url: addresses.webhookUrl, active: true },
    redirect_url: addresses.redirectUrl,
    // GitHub's default is true: then anybody could install this App, and spend its operator's time.
    public: false,
    default_permissions: rights.permissions,
    default_events: rights.events,
  });
}
