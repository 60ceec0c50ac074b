/** Hosts that a run with `network: registries` reaches: where packages come from. A name that begins with a dot stands for all below it. */
export const registryHosts: readonly string[] = [
  // JavaScript
  "registry.npmjs.org",
  "registry.yarnpkg.com",
  "npm.jsr.io",
  "jsr.io",
  // Python
  "pypi.org",
  "files.pythonhosted.org",
  // Rust
  "crates.io",
  "index.crates.io",
  "static.crates.io",
  // Go
  "proxy.golang.org",
  "sum.golang.org",
  // Ruby
  "rubygems.org",
  "index.rubygems.org",
  // Java
  "repo.maven.apache.org",
  "repo1.maven.org",
  "plugins.gradle.org",
  "services.gradle.org",
  // .NET
  "api.nuget.org",
  "globalcdn.nuget.org",
  // PHP
  "packagist.org",
  "repo.packagist.org",
  // Elixir
  "hex.pm",
  "repo.hex.pm",
  // Systems
  "deb.debian.org",
  "security.debian.org",
  "archive.ubuntu.com",
  "security.ubuntu.com",
  "dl-cdn.alpinelinux.org",
];
