import { anthropic } from '../dialects/anthropic.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { google } from '../dialects/google.ts';
import { openai } from '../dialects/openai.ts';

/** The providers whose requests the gateway can read, and therefore let through. */
export const dialects: Readonly<Record<string, Dialect>> = { google, anthropic, openai };
