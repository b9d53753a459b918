import { getPort } from '../settings.js';

export const isDefault = () => getPort() === 80;
