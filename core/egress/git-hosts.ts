/**
 * Hosts of git repositories. A tunnel to one could push or publish, past the gateway's own routes, which are read-only; a
 * rule may allow to read.
 */
const gitHosts = ['github.com', 'gitlab.com', 'bitbucket.org', 'codeberg.org', 'dev.azure.com', 'git.sr.ht'];

export const isGitHost = (host: string): boolean =>
  gitHosts.some((domain) => host === domain || host.endsWith(`.${domain}`));

/** The rule that allows to read what a git host serves beside repositories, as an example. */
export const ruleForGitHost = (host: string): string =>
  `egress: {rules: [{host: ${host}, methods: [GET, HEAD], paths: ["/OWNER/NAME/releases/download/**"]}]}`;
