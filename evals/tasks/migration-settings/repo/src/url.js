import { getHost, getPort, isSecure } from './settings.js';

export const baseUrl = () => `${isSecure() ? 'https' : 'http'}://${getHost()}:${getPort()}`;
