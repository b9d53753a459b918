/** The program of the thread that reads changes from sandboxes: guard, diff and merge. */
import { diffJob } from '../adapters/github/merge/diff-file.ts';
import { mergeJob } from '../adapters/github/merge/merge-text.ts';
import { similarityJob } from '../adapters/github/merge/renames.ts';
import { serveJobs } from '../adapters/thread/serve.ts';
import { attentionJob } from '../core/guard/attention/attention.ts';
import { guardJob } from '../core/guard/guard.ts';

serveJobs([guardJob, attentionJob, diffJob, mergeJob, similarityJob]);
