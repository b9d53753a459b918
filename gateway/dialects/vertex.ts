import type { Dialect } from './dialect.ts';
import { google } from './google.ts';

const path = /^v1(?:beta)?\/models\//;

/**
 * Gemini on Google Cloud. Programs call it as they call Google's own interface; address and sign-in are others
 * (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference).
 */
export const vertex: Dialect = {
  ...google,
  baseUrl: ({ region }) =>
    region === 'global' ? 'https://aiplatform.googleapis.com' : `https://${region}-aiplatform.googleapis.com`,
  target: (asked, { project, region }) =>
    asked.replace(path, () => `v1/projects/${project}/locations/${region}/publishers/google/models/`),
  key: { header: 'authorization', prefix: 'Bearer ' },
};
