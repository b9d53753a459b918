import { z } from 'zod';
import { DrydockError } from '../../core/errors.ts';
import { type ApiAnswer, encodeError } from '../../pipeline/api/answer.ts';
import type { Caller } from '../../pipeline/api/operate.ts';
import { named } from '../runtime/handler.ts';
import { logger } from '../runtime/telemetry.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, format 2.0 */
const request = z.object({
  version: z.literal('2.0'),
  routeKey: z.string(),
  requestContext: z.object({
    requestId: z.string().default(''),
    authorizer: z.object({ iam: z.object({ userArn: z.string().min(1) }) }),
  }),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

interface FrontAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * A function behind a route that IAM authorizes. API Gateway identifies the caller, never the body; a call that did not
 * come through such a route is refused. Unexpected errors are reported without details. The log contains the caller,
 * the call and its outcome, but not the request's content.
 */
export function iamRoute(
  route: string,
  work: (caller: Caller, body: string) => Promise<ApiAnswer>,
): (event: unknown) => Promise<FrontAnswer> {
  return async (event) => {
    const parsed = request.safeParse(event);
    if (!parsed.success || parsed.data.routeKey !== route) {
      const refusal = new DrydockError('ServiceRefused', 'This function can only be called through its route.');
      return { ...say(encodeError(refusal)), statusCode: 403 };
    }
    const { body, isBase64Encoded, requestContext } = parsed.data;
    const { userArn: arn } = requestContext.authorizer.iam;
    try {
      const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
      const answer = await work({ arn }, text);
      logger.info('answered', { route, caller: arn, status: answer.status });
      return say(answer);
    } catch (error) {
      const known = named(error);
      logger.info('answered', { route, caller: arn, fault: known.name, detail: known.message });
      return say(encodeError(known.name === 'Internal' ? unexpected(requestContext.requestId) : known));
    }
  };
}

const unexpected = (requestId: string): DrydockError =>
  new DrydockError('Internal', `An unexpected error occurred; request ${requestId}.`, {
    remedy: 'The operator finds the error in the log of the function.',
  });

const say = ({ status, text }: ApiAnswer): FrontAnswer => ({
  statusCode: status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: text,
});
