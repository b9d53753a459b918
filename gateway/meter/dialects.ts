import type { ProviderKind } from '../../core/models/endpoint.ts';
import { anthropic } from '../dialects/anthropic.ts';
import { bedrock } from '../dialects/bedrock.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { google } from '../dialects/google.ts';
import { openai } from '../dialects/openai.ts';
import { vertex } from '../dialects/vertex.ts';

/** The interfaces that the gateway can read, and therefore lets through. */
export const dialects: Readonly<Record<ProviderKind, Dialect>> = { anthropic, bedrock, google, openai, vertex };
