/** Names of devices on Windows, with any extension (https://learn.microsoft.com/windows/win32/fileio/naming-a-file). */
const devices = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i;

/** Why a clone on Windows fails at this path, or gets another file in its place; undefined if it does not. */
export function notPortable(path: string): string | undefined {
  for (const part of path.split('/')) {
    if (devices.test(part)) return 'is the name of a device on Windows';
    if (/[. ]$/.test(part)) return 'ends with a dot or a space, which Windows removes';
    if (/[<>:"|?*\\]/.test(part)) return 'has a character that Windows does not allow in a name';
  }
  return undefined;
}
