import { publish } from '../pipeline/steps/publish.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('publish', publish);
