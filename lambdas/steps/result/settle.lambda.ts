import { settle } from '../../../pipeline/steps/result/settle.ts';
import { fargate } from '../../runtime/fargate.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('settle', settle, { launching: fargate, notifying });
