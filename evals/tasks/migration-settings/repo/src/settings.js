export const getHost = () => process.env.APP_HOST ?? 'localhost';
export const getPort = () => Number(process.env.APP_PORT ?? 80);
export const isSecure = () => process.env.APP_SECURE === '1';
