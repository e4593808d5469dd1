// connections to addresses that users name: only where they may go, and only to the address that was checked.
export { AddressRanges, isPublicAddress } from './address-ranges.js';
export { HostList } from './host-list.js';
export { OutboundClient, type OutboundAnswer, type OutboundOptions, type OutboundRequest } from './outbound-client.js';
export { OutboundError, type OutboundFault } from './outbound.error.js';
export { outboundUrl } from './outbound-url.js';
export { nameResolver, type Resolve } from './resolve.js';
