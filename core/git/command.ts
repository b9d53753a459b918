/**
 * How the trusted side calls git. A repository may belong to somebody else, and its files come from anybody: nothing that
 * the repository, the user or the machine configures may run a program, fetch, or change what an id stands for.
 */

const settings = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.attributesFile': '/dev/null',
  'core.useReplaceRefs': 'false',
  // A forged commit graph gives a commit another tree.
  'core.commitGraph': 'false',
  'core.alternateRefsCommand': 'false',
  'core.sshCommand': 'false',
  'core.gitProxy': 'false',
  'credential.helper': '',
  // The policy names the repositories; they may belong to other users.
  'safe.directory': '*',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'submodule.recurse': 'false',
  'fetch.recurseSubmodules': 'false',
  'commit.gpgSign': 'false',
  'log.showSignature': 'false',
  'i18n.commitEncoding': 'UTF-8',
  // With these, git would write files beside our temporary index.
  'core.splitIndex': 'false',
  'core.untrackedCache': 'false',
  'index.sparse': 'false',
};

/** Git knows the empty tree by its id, without an object. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

const fixed = {
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  // Attributes are never read from the files of the repository.
  GIT_ATTR_SOURCE: emptyTree,
  // An object that a partial clone lacks is missing; git does not ask the remote that the repository names.
  GIT_NO_LAZY_FETCH: '1',
  // An id stands for the object with this id, not for its replacement or its graft.
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'false',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'false',
};

/** Variables of this machine that git needs: where programs are, and the proxy. */
const inherited = ['PATH', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'];

const options = Object.entries(settings).map(([key, value]) => `${key}=${value}`);

/**
 * The program that serves a repository of this machine to `git fetch`: git hands it to a shell, and it takes its
 * configuration only from here.
 */
export const uploadPack = [
  'git',
  ...[...options, 'uploadpack.allowAnySHA1InWant=true'].map((option) => `-c '${option}'`),
  'upload-pack',
].join(' ');

interface GitCommand {
  args: string[];
  env: Record<string, string>;
}

/**
 * Arguments and the whole environment of one call of git.
 * @param environment Of this process; only `inherited` is taken from it.
 * @param protocols Transports that this call may use, for example `file`; by default none.
 */
export function gitCommand(
  args: readonly string[],
  environment: Record<string, string | undefined>,
  protocols: readonly ('file' | 'http' | 'https')[] = [],
): GitCommand {
  const taken = inherited.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    args: [...options.flatMap((option) => ['-c', option]), ...args],
    env: { PATH: '/usr/bin:/bin', ...Object.fromEntries(taken), ...fixed, GIT_ALLOW_PROTOCOL: protocols.join(':') },
  };
}
