import type { Octokit } from '@octokit/rest';
import type { ownerAndRepo } from '../api/access.ts';

const maxLines = 100;
const maxBytes = 20_000;
/** Bytes. A longer log is abandoned, and no tail is shown. */
const maxRead = 64_000_000;

/**
 * The last lines of the log of a GitHub Actions job, without their timestamps. Empty if the log is not available: logs
 * expire, and the App may lack the permission. The check has failed in either case.
 */
export async function jobLogTail(octokit: Octokit, at: ReturnType<typeof ownerAndRepo>, job: number): Promise<string> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', {
      ...at,
      job_id: job,
      // GitHub redirects to the log, which can have any length, so the response is streamed.
      request: { parseSuccessResponseBody: false },
    });
    if (!(data instanceof ReadableStream)) return '';
    const tail = await lastBytes(data);
    const lines = tail.trimEnd().split(/\r\n?|\n/);
    return lines
      .slice(-maxLines)
      .map((line) => line.replace(/^\uFEFF?\d{4}-\d{2}-\d{2}T[\d:.]+Z /, ''))
      .join('\n');
  } catch {
    return '';
  }
}

async function lastBytes(stream: ReadableStream<Uint8Array>): Promise<string> {
  let kept = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of stream) {
    read += chunk.length;
    if (read > maxRead) return '';
    kept = Buffer.concat([kept, chunk]);
    if (kept.length > 4 * maxBytes) kept = kept.subarray(-maxBytes);
  }
  const cut = read > maxBytes;
  const text = kept.subarray(-maxBytes).toString('utf8');
  // The first line is incomplete and may start within a character.
  return cut ? text.slice(text.indexOf('\n') + 1) : text;
}
