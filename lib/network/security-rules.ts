/** TLS, for the rules of security groups. */
export const https = { ipProtocol: 'tcp', fromPort: 443, toPort: 443 };

/** EC2 gives a group without outgoing rules one that allows everything; this one matches nothing and takes its place. */
export const nowhere = {
  ipProtocol: 'icmp',
  fromPort: 252,
  toPort: 86,
  cidrIp: '255.255.255.255/32',
  description: 'nothing goes out',
};
