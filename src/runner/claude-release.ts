/** The one version of the CLI that the runner starts, with the hashes of its packages. Equal to package-lock.json, which a test checks. */

export const claudeVersion = "2.1.329";

/** By platform, architecture and C library. Subresource integrity of the package. */
export const claudePackages: Readonly<Record<string, { readonly name: string; readonly integrity: string }>> = {
  "linux-x64": {
    name: "@anthropic-ai/claude-code-linux-x64",
    integrity: "sha512-+n4lu1ubYAp02Y0X/MAUnxw9yY6SHHZ77F+IoW+V0wVoFuiI9opdH6gofjf14gXJCEYMTNpks7Gn1i8XZTKAWA==",
  },
  "linux-x64-musl": {
    name: "@anthropic-ai/claude-code-linux-x64-musl",
    integrity: "sha512-EouW7B/aG3GOQBmzN9MxHV9uTOE2r6E+VIlFBrBgIEBuBBF4qH1GTvg5/CVf53gGp4DgVf1CYdBHjS+2NeDP4A==",
  },
  "linux-arm64": {
    name: "@anthropic-ai/claude-code-linux-arm64",
    integrity: "sha512-IiG5umFToSCVWqB1lEsxxwIxKgxPXyZ3DRU915v8J4Bz5Q3JpslM0ew1m5yaT+lFXBPvYxmsEgi0XI68XHND0A==",
  },
  "linux-arm64-musl": {
    name: "@anthropic-ai/claude-code-linux-arm64-musl",
    integrity: "sha512-uVWrRp60cqvikJ13Rtmlkd8WuJtJEWAuGJzenJ0or0I7by05kRWopFdDdpWYQi8dRIJ6+W9T9w+PA4B+EjfCXQ==",
  },
  "darwin-x64": {
    name: "@anthropic-ai/claude-code-darwin-x64",
    integrity: "sha512-6cjJiD19yxOzdnzErJ8ougFKoksK/wUvOJb6V2iCXg1rM9gGEY1I7HE8jQnvh6buAuXHtHaahfoiiISaplOxYg==",
  },
  "darwin-arm64": {
    name: "@anthropic-ai/claude-code-darwin-arm64",
    integrity: "sha512-brgS94FOoB+ekq1gIeNpBtGAbzWxE1UEeBQWfk1KX1BStrMIxwWXriPfQLKEkFTWHpmGXv2fZxxMQJsR+5PhZw==",
  },
};
