// Gives a form its manners: it sends once, shows what was wrong beside each field, and moves the focus there.

import { make } from "./dom.js";

let number = 0;

// `send` returns the payload's list of user errors; an empty one means that it went well.
export function onSubmit(form, send) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const missing = emptyRequired(form);
    if (missing.length) return showErrors(form, missing);
    setBusy(form, true);
    try {
      showErrors(form, await send(Object.fromEntries(new FormData(form))));
    } catch (error) {
      if (!error.code) console.error(error);
      showErrors(form, [{ field: null, message: error.message }]);
    } finally {
      setBusy(form, false);
    }
  });
}

export function clear(form) {
  form.reset();
  clearErrors(form);
}

function emptyRequired(form) {
  const empty = [...form.elements].filter((field) => field.required && !field.value.trim());
  return empty.map(({ name }) => ({ field: name, message: "This is needed." }));
}

function setBusy(form, isBusy) {
  form.setAttribute("aria-busy", isBusy);
  form.querySelector("button:not([type=button])").disabled = isBusy;
}

function showErrors(form, errors) {
  const fields = errors.map((error) => showError(form, error));
  fields.find(Boolean)?.focus();
}

function showError(form, { field, message }) {
  const input = field ? form.elements[field] : null;
  if (!(input instanceof HTMLElement)) return showFormError(form, message);
  const note = make("p", { class: "field-error", id: `field-error-${(number += 1)}` }, message);
  const notes = [input.getAttribute("aria-describedby"), note.id].filter(Boolean);
  input.closest("label, .inline").after(note);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", notes.join(" "));
  return input;
}

function showFormError(form, message) {
  const place = form.querySelector(".form-error");
  place.textContent = [place.textContent, message].filter(Boolean).join(" ");
  place.hidden = false;
  return null;
}

function clearErrors(form) {
  const place = form.querySelector(".form-error");
  place.textContent = "";
  place.hidden = true;
  for (const note of form.parentElement.querySelectorAll(".field-error")) note.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}
