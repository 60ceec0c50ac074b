import picomatch from "picomatch";

/**
 * Whether everything that `glob` matches is also matched by one of `wider`.
 * Decided by a rule that is easy to state rather than by comparing languages:
 * it holds when `wider` has the same text, or `**`, or `folder/**` around the fixed beginning of `glob`.
 */
export function isWithin(glob: string, wider: readonly string[]): boolean {
  const { base, isGlob } = picomatch.scan(glob);
  return wider.some((around) => {
    if (around === glob || around === "**") return true;
    if (!isGlob) return picomatch.isMatch(glob, around, { dot: true });
    const folder = around.endsWith("/**") ? around.slice(0, -"/**".length) : null;
    if (folder === null || picomatch.scan(folder).isGlob) return false;
    return base === folder || base.startsWith(`${folder}/`);
  });
}
