import { getHost } from './settings.js';

export const banner = () => `connected to ${getHost()}`;
