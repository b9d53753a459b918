/** The rule of a policy with which a package from git is fetched as an archive; undefined for a host without archives. */
export function archiveRule(url: string): { host: string; path: string } | undefined {
  const match = /github\.com[/:]([\w.-]{1,100})\/([\w.-]{1,100}?)(?:\.git)?(?:[#/]|$)/.exec(url);
  return match === null ? undefined : { host: 'codeload.github.com', path: `/${match[1]}/${match[2]}/**` };
}

/** What people read of a package that a lock file takes from git. */
export function describeFromGit({ path, line, url }: { path: string; line?: number; url: string }): string {
  const rule = archiveRule(url);
  const remedy =
    rule === undefined
      ? 'Depend on a release in a registry.'
      : `Depend on a release in a registry, or allow its archive in the policy, egress: {rules: [{host: ${rule.host}, methods: [GET], paths: ["${rule.path}"]}]}, and in the spec, sandbox: {egress: [${rule.host}]}.`;
  return `${path}${line === undefined ? '' : `:${line}`} takes a package from git (${url}), which no registry serves. ${remedy}`;
}
