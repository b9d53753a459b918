/** Whether a host of a URL is this machine. */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host);

/** 10/8, 172.16/12 and 192.168/16; unique local addresses of IPv6. */
const privateAddress = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)[\d.]+$|^\[f[cd][0-9a-f:.]+\]$/;
const privateName = /\.(?:internal|local|lan|home\.arpa)$/;

/** Whether a host of a URL is this machine or one of a private network, where TLS is not usual. */
export const isLocalHost = (host: string): boolean =>
  isLoopback(host) || privateName.test(host) || privateAddress.test(host);
