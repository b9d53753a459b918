import { maxRemarks } from '../../core/remark/remark.ts';
import { BadRequest, type GatewayContext, type Route, sendJson } from '../context.ts';
import type { Inbox } from '../phase/inbox.ts';

/** A request waits this long for somebody to say something, and is then asked again. */
const maxWaitMs = 20_000;

/** `GET /remarks?after=N`: what people said to the agent, but for the first N. What is handed over is part of the log. */
export const remarksRoute = (context: GatewayContext, inbox: Inbox): Route => {
  let logged = 0;
  return async ({ response, url, gone }) => {
    const given = url.searchParams.get('after') ?? '';
    const after = Number(given);
    if (!/^\d{1,3}$/.test(given) || after > 2 * maxRemarks) throw new BadRequest(400, 'after is not a number');
    const remarks = await inbox.next(after, maxWaitMs, gone);
    for (const [i, { by, text }] of remarks.entries())
      if (after + i >= logged) context.tell({ type: 'event', event: { type: 'remark', by, text } });
    logged = Math.max(logged, after + remarks.length);
    if (!gone.aborted) sendJson(response, 200, remarks);
  };
};
