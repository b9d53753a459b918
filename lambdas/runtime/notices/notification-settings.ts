import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { variable } from '../../../common/deployment.ts';
import { notifyPolicy, quietOf } from '../../../core/notification/policy-schema.ts';

const person = z.object({ email: z.string().optional(), slack: z.string().optional(), quiet: quietOf });
const notificationSettings = z.object({
  people: z.record(z.string(), person).default({}),
  notify: notifyPolicy.prefault({}),
});
export type NotificationSettings = z.infer<typeof notificationSettings>;

/**
 * The part of the deployed policy that notifications need. Every function has it. Parsing the whole policy would put
 * its schema into each bundle, and it was validated at synthesis.
 */
export const readNotificationSettings = (): NotificationSettings =>
  notificationSettings.parse(JSON.parse(readFileSync(variable('policy'), 'utf8')));
