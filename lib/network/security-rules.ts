/** TLS, for the rules of security groups. */
export const https = { ipProtocol: 'tcp', fromPort: 443, toPort: 443 };

/** EC2 adds an allow-all rule to a group without egress rules; this rule replaces it and matches no traffic. */
export const nowhere = {
  ipProtocol: 'icmp',
  fromPort: 252,
  toPort: 86,
  cidrIp: '255.255.255.255/32',
  description: 'no egress',
};
