/**
 * The addresses of one kind of services. A service starts to look at a place that its key decides, and goes on in steps
 * that its key decides: it finds the same address again after a restart and after it was created anew, without a file
 * that says so, and a service that comes and goes does not move the others.
 */
import { fnv1a64, type Result } from "@isthmus/std";
import type { ServiceKind } from "../model/service.ts";
import { type AddressRange, addressAt, isInRange } from "./address-range.ts";
import type { IpAddress } from "./ip-address.ts";

export class VipPool {
  readonly kind: ServiceKind;
  readonly range: Result<AddressRange, string>;
  /** How many addresses of the range are not free, whoever has them. */
  occupied = 0;

  constructor(kind: ServiceKind, range: Result<AddressRange, string>) {
    this.kind = kind;
    this.range = range;
  }

  holds(address: IpAddress): boolean {
    return this.range.ok && isInRange(this.range.value, address);
  }

  /** The first free address on the way of the key; undefined when there is none. */
  find(key: string, isFree: (address: string) => boolean): string | undefined {
    if (!this.range.ok || this.occupied >= this.range.value.capacity) return undefined;
    const range = this.range.value;
    const { capacity } = range;
    const { hi, lo } = fnv1a64(key);
    let offset = hi % capacity;
    // Odd, and the capacity is a power of two: every address comes up once.
    const step = (lo | 1) >>> 0;
    for (let tries = 0; tries < capacity; tries += 1) {
      const address = addressAt(range, offset);
      if (isFree(address)) return address;
      offset = (offset + step) % capacity;
    }
    return undefined;
  }
}
