import { isLocalHost } from '../models/local-host.ts';

/** Why a URL that a policy gives for a server is invalid; undefined if it is valid. @param example A valid one. */
export const upstreamUrlFault =
  (example: string) =>
  (text: string): string | undefined => {
    if (!URL.canParse(text)) return `Write a URL such as ${example}.`;
    const url = new URL(text);
    if (url.username !== '' || url.password !== '') return 'A URL may not contain a password; write credential.';
    if (url.search !== '' || url.hash !== '') return 'Write the URL without a query.';
    if (url.protocol === 'https:') return undefined;
    if (url.protocol === 'http:' && isLocalHost(url.hostname)) return undefined;
    return 'Use https://; http:// is for this machine and private networks only.';
  };
