import { existsSync, readFileSync } from 'node:fs';

/** What decides how isolation can be had on a machine. */
export interface MachineFacts {
  platform: string;
  /** `bwrap` is on the PATH. */
  hasBubblewrap: boolean;
  /** AppArmor denies user namespaces to programs without a profile, as Ubuntu does since 24.04. */
  appArmor: boolean;
  /** This is a container itself. */
  contained: boolean;
  /** User namespaces are turned off, or used up. */
  noNamespaces: boolean;
}

const engine = 'install a container engine (Docker, Podman or nerdctl) and use --sandbox container';
const profile = [
  "printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n'",
  '| sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap',
].join(' ');

/**
 * What a person can do where bubblewrap does not work and no container engine answers.
 * @internal for its tests
 */
export function remedyFor(facts: MachineFacts): string {
  const { platform, hasBubblewrap, appArmor, contained, noNamespaces } = facts;
  if (platform === 'darwin') return 'Install a container engine: Docker Desktop, Podman or Colima; then start again.';
  if (platform !== 'linux') return 'Use Linux or WSL 2, or install Docker Desktop; then start again.';
  if (!hasBubblewrap)
    return `Install bubblewrap: apt-get install bubblewrap (dnf, pacman and apk have it too); or ${engine}.`;
  if (contained) {
    return `This is a container: start it with --security-opt seccomp=unconfined --security-opt systempaths=unconfined (Docker and Podman), or ${engine}.`;
  }
  if (appArmor) return `AppArmor denies user namespaces to bwrap. Add a profile: ${profile}; or ${engine}.`;
  if (noNamespaces) {
    return `Allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000; or ${engine}.`;
  }
  return `Use bubblewrap 0.8 or newer, and allow user namespaces; or ${engine}.`;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

/** The remedy for this machine. */
export const remedyHere = ({ hasBubblewrap }: Pick<MachineFacts, 'hasBubblewrap'>): string =>
  remedyFor({
    platform: process.platform,
    hasBubblewrap,
    appArmor: read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1',
    contained: existsSync('/.dockerenv') || existsSync('/run/.containerenv'),
    noNamespaces:
      read('/proc/sys/kernel/unprivileged_userns_clone') === '0' || read('/proc/sys/user/max_user_namespaces') === '0',
  });
