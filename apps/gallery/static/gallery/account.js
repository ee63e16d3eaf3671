// Who is signed in, and the dialog to sign in, register and get a new password.

import { closable, byId, setText } from "./dom.js";
import { LOGIN, LOGOUT, REGISTER, REQUEST_RESET, RESET, VIEWER } from "./documents.js";
import { clear, onSubmit } from "./forms.js";
import { mutate, query } from "./graphql.js";
import { announce, showError } from "./notices.js";

const dialog = byId("account");
const PARTS = ["sign-in-form", "register-form", "forgot-form", "reset-form", "account-done"];
let viewer = null;
let onChange = () => {};
let resetToken = "";

export function currentViewer() {
  return viewer;
}

// Wires the dialog; `changed` is called whenever somebody has signed in or out.
export function start(changed) {
  onChange = changed;
  closable(dialog);
  dialog.addEventListener("close", forgetInput);
  byId("sign-in").addEventListener("click", () => open("sign-in-form"));
  byId("sign-out").addEventListener("click", signOut);
  for (const button of dialog.querySelectorAll("[data-form]")) {
    button.addEventListener("click", () => show(button.dataset.form));
  }
  onSubmit(byId("sign-in-form"), signIn);
  onSubmit(byId("register-form"), register);
  onSubmit(byId("forgot-form"), requestReset);
  onSubmit(byId("reset-form"), reset);
}

export async function loadViewer() {
  setViewer((await query(VIEWER)).viewer);
}

export function open(part) {
  show(part);
  if (!dialog.open) dialog.showModal();
  focusFirst(part);
}

// The token is taken out of the address, so that it is neither bookmarked nor left in the history.
export function openReset(token) {
  resetToken = token;
  history.replaceState(null, "", location.pathname);
  open("reset-form");
}

function show(part) {
  for (const id of PARTS) byId(id).hidden = id !== part;
  focusFirst(part);
}

function focusFirst(part) {
  byId(part).querySelector("input, h2[tabindex]")?.focus();
}

function forgetInput() {
  for (const form of dialog.querySelectorAll("form")) clear(form);
}

function setViewer(user) {
  viewer = user;
  setText(byId("viewer-name"), user?.name ?? "");
  byId("sign-in").hidden = user !== null;
  byId("sign-out").hidden = user === null;
}

async function signIn({ email, password }) {
  const { login } = await mutate(LOGIN, { input: { email, password } });
  if (login.errors.length) return login.errors;
  setViewer(login.viewer);
  dialog.close();
  byId("sign-out").focus();
  announce(`Signed in as ${login.viewer.name}.`);
  onChange();
  return [];
}

async function signOut() {
  try {
    await mutate(LOGOUT);
  } catch (error) {
    return showError(error, signOut);
  }
  setViewer(null);
  byId("sign-in").focus();
  announce("Signed out.");
  onChange();
}

async function register({ name, email, password }) {
  const { register: payload } = await mutate(REGISTER, { input: { name, email, password } });
  return payload.errors.length ? payload.errors : signIn({ email, password });
}

async function requestReset({ email }) {
  const { requestPasswordReset: payload } = await mutate(REQUEST_RESET, { input: { email } });
  if (payload.errors.length) return payload.errors;
  done("Look into your mail", `If ${email} has an account, a link for a new password is on its way.`);
  return [];
}

async function reset({ newPassword }) {
  const { resetPassword: payload } = await mutate(RESET, { input: { token: resetToken, newPassword } });
  if (payload.errors.length) return payload.errors;
  setViewer(null);
  onChange();
  done("The password is set", "Sign in with the new one.");
  return [];
}

function done(title, message) {
  const [heading, paragraph] = byId("account-done").children;
  heading.textContent = title;
  paragraph.textContent = message;
  show("account-done");
}
