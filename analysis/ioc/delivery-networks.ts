/** Addresses at which a delivery network answers for millions of sites: whoever blocks one shuts out all of them. */
import ipaddr from 'ipaddr.js';

/** Whose network an address lies in, or undefined. The ranges are those that the networks publish, or that are registered to them. */
export function deliveryNetworkOf(text: string): string | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return NETWORKS.find(({ ranges }) => ranges.some(([range, bits]) => isWithin(address, range, bits)))?.name;
}

type Address = ReturnType<typeof ipaddr.process>;

const isWithin = (address: Address, range: Address, bits: number): boolean =>
  address.kind() === range.kind() && address.match(range, bits);

const network = (name: string, ranges: string) => ({
  name,
  ranges: ranges.split(' ').map((range) => ipaddr.parseCIDR(range)),
});

const NETWORKS: readonly { name: string; ranges: [Address, number][] }[] = [
  network(
    'Cloudflare',
    '173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13 131.0.72.0/22 2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29 2c0f:f248::/32',
  ),
  network(
    'Fastly',
    '23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20 140.248.64.0/18 140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32',
  ),
  network(
    'Akamai',
    '2.16.0.0/13 23.32.0.0/11 23.192.0.0/11 72.246.0.0/15 88.221.0.0/16 92.122.0.0/15 95.100.0.0/15 96.6.0.0/15 96.16.0.0/15 104.64.0.0/10 118.214.0.0/16 173.222.0.0/15 184.24.0.0/13 184.50.0.0/15 184.84.0.0/14 2600:1400::/24 2a02:26f0::/29',
  ),
  network(
    'CloudFront',
    '13.32.0.0/15 13.35.0.0/16 13.224.0.0/14 13.249.0.0/16 18.64.0.0/14 52.84.0.0/15 54.182.0.0/16 54.192.0.0/16 54.230.0.0/16 65.8.0.0/16 65.9.0.0/17 99.84.0.0/16 99.86.0.0/16 108.138.0.0/15 143.204.0.0/16 204.246.164.0/22 216.137.32.0/19 2600:9000::/28',
  ),
];
