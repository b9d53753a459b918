import type { Context, Hono } from 'hono';
import type { Service } from '../../pipeline/service/service.ts';
import type { Markup } from '../html/markup.ts';
import type { WebOptions } from '../options.ts';
import type { WebEnv } from '../security/request-guard.ts';

/** What all routes need of the application. */
export interface RouteParts {
  options: WebOptions;
  /** The service as the visitor sees it. */
  serviceOf(c: Context<WebEnv>): Service;
  whoOf(c: Context<WebEnv>): string;
}

export type Routes = (app: Hono<WebEnv>, parts: RouteParts) => void;

export const send = (c: Context, body: Markup, status: 200 | 422 = 200): Response =>
  c.html(body as string, status) as Response;
