import { describe, expect, it } from "vitest";
import { describeStatus, sendableStatus, statusName } from "./status.ts";

describe("status", () => {
  it("names codes", () => {
    expect(statusName(14)).toBe("UNAVAILABLE");
    expect(statusName(99)).toBe("CODE_99");
    expect(describeStatus({ code: 1, details: "" })).toBe("CANCELLED");
    expect(describeStatus({ code: 8, details: "too large" })).toBe("RESOURCE_EXHAUSTED: too large");
  });

  it("makes text sendable that encodeURI would throw on", () => {
    const { details } = sendableStatus({ code: 13, details: "name \ud800 broken" });
    expect(details).toBe("name \uFFFD broken");
    expect(() => encodeURI(details)).not.toThrow();
  });

  it("cuts long text without splitting a character", () => {
    const { details } = sendableStatus({ code: 13, details: `${"x".repeat(1_999)}😀${"y".repeat(50)}` });
    expect(details).toBe(`${"x".repeat(1_999)}...`);
  });
});
