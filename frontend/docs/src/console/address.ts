/**
 * The parameters of an address.
 */
import type { Address } from "../contract.js";
import { h, labelled, select } from "../dom.js";

export interface AddressForm {
  readonly element: HTMLElement;
  read(): { readonly [name: string]: string };
}

export function addressForm(address: Address, changed: () => void): AddressForm {
  const controls = Object.entries(address.parameters).map(([name, parameter]) => {
    const first = parameter.default ?? parameter.values[0] ?? "";
    const control =
      parameter.values.length > 0
        ? select(
            parameter.values.map((value) => [value, value] as const),
            first,
          )
        : h("input", { autocomplete: "off", spellcheck: "false" });
    control.value = first;
    control.addEventListener("input", changed);
    return { name, control, row: labelled(name, control, parameter.description?.trim()) };
  });
  return {
    element: h("div", {}, ...controls.map(({ row }) => row)),
    read: () => Object.fromEntries(controls.map(({ name, control }) => [name, control.value])),
  };
}
