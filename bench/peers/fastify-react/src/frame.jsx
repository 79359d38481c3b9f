// The frame around the page: side bar, top bar, palette. The same markup as the portal's.
import { Icon, Tile, sections } from "./parts.jsx";

export function Sidebar({ state }) {
  return (
    <nav className="sidebar" id="navigation" aria-label="Main">
      <div className="sidebar-head">
        <a className="brand" href="/"><Icon name="portico" /><span className="brand-name">Portico</span></a>
        <button className="icon-button collapse-button needs-script" type="button" aria-label="Collapse navigation"
          title="Collapse navigation" aria-pressed="false" data-action="collapse" data-command="Collapse navigation">
          <Icon name="sidebar" />
        </button>
        <a className="icon-button sheet-close" href="#content" aria-label="Close navigation" data-action="sheet-close">
          <Icon name="close" />
        </a>
      </div>
      <div className="sidebar-scroll">
        <ul className="sidebar-list">
          <li>
            <a className="nav-link" href="/" title="Home" aria-current="page">
              <span className="nav-icon"><Icon name="home" /></span><span className="nav-text">Home</span>
            </a>
          </li>
        </ul>
        {sections(state).map((section, index) => <Section key={section.title} section={section} id={`section-${index}`} />)}
      </div>
    </nav>
  );
}

function Section({ section, id }) {
  return (
    <>
      <h2 className="sidebar-heading" id={id}>{section.title}</h2>
      <ul className="sidebar-list" aria-labelledby={id}>
        {section.items.map((item) => (
          <li key={item.path}>
            <a className="nav-link" href={item.path} title={item.title}>
              <Tile id={item.application.id} name={item.title} /><span className="nav-text">{item.title}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

export function Topbar({ state }) {
  const { session } = state;
  const organization = session.organizations.find(({ id }) => id === session.orgId).name;
  return (
    <header className="topbar">
      <a className="icon-button menu-button" id="menu-button" href="#navigation" aria-label="Open navigation" data-action="sheet-open">
        <Icon name="menu" />
      </a>
      <span className="organization" title={organization}><span className="organization-name">{organization}</span></span>
      <button className="search-button needs-script" type="button" aria-haspopup="dialog" aria-label="Search"
        aria-keyshortcuts="Control+K Meta+K" data-action="search">
        <Icon name="search" /><span className="search-label">Search</span><kbd>Ctrl K</kbd>
      </button>
      <div className="topbar-end">
        <span className="connection" id="connection" role="img" data-state="idle" aria-label="Live updates start when a page needs them"
          title="Live updates start when a page needs them" data-idle="Live updates start when a page needs them"
          data-connecting="Connecting to live updates" data-live="Live updates are on"
          data-offline="Live updates are interrupted" data-ended="Signed out" />
        <ThemeMenu />
        <AccountMenu session={session} organization={organization} />
      </div>
    </header>
  );
}

function ThemeMenu() {
  return (
    <details className="menu theme-menu needs-script">
      <summary className="icon-button" aria-label="Theme" title="Theme">
        <span className="when-light"><Icon name="light" /></span><span className="when-dark"><Icon name="dark" /></span>
      </summary>
      <div className="menu-panel menu-panel-end">
        <p className="menu-heading">Theme</p>
        <ul className="menu-list">
          {["System", "Light", "Dark"].map((theme) => (
            <li key={theme}>
              <button className="menu-item" type="button" aria-pressed={theme === "System"} data-action="theme"
                data-command={`Theme: ${theme}`} value={theme.toLowerCase()}>
                <Icon name={theme.toLowerCase()} /><span className="menu-item-text">{theme}</span>
                <span className="menu-item-mark"><Icon name="check" /></span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </details>
  );
}

function AccountMenu({ session, organization }) {
  const initials = session.name.split(" ").map((word) => word[0]).join("");
  return (
    <details className="menu account-menu">
      <summary className="avatar-button" aria-label="Account" title={session.name}>
        <span className="avatar" aria-hidden="true">{initials}</span>
      </summary>
      <div className="menu-panel menu-panel-end account-panel">
        <div className="account-card">
          <span className="avatar avatar-large" aria-hidden="true">{initials}</span>
          <p className="account-who">
            <span className="account-name">{session.name}</span>
            <span className="account-mail">{session.email}</span>
            <span className="account-mail">{organization}</span>
          </p>
        </div>
        <div className="menu-row needs-script" role="group" aria-label="Language">
          <span className="menu-row-label"><Icon name="globe" />Language</span>
          <span className="choices">
            <button className="choice" type="button" lang="en" aria-pressed="true" data-action="language" value="en">English</button>
            <button className="choice" type="button" lang="de" aria-pressed="false" data-action="language"
              data-command="Language: Deutsch" value="de">Deutsch</button>
          </span>
        </div>
        <form className="menu-foot" method="post" action="/auth/logout">
          <button className="menu-item" data-command="Sign out"><Icon name="exit" /><span className="menu-item-text">Sign out</span></button>
        </form>
      </div>
    </details>
  );
}

export function Banners() {
  return (
    <>
      <div className="banner" id="offline" data-tone="warning" hidden>
        <Icon name="offline" />
        <p className="banner-text">You are offline. What is on the page stays; changes will work again once you are back.</p>
      </div>
      <div className="banner" id="ended" data-tone="danger" hidden>
        <Icon name="lock" /><p className="banner-text">You were signed out in another place.</p>
        <a className="button button-small" href="/auth/login?return_to=/" rel="external">Sign in again</a>
      </div>
    </>
  );
}

export function Palette() {
  return (
    <dialog className="palette" id="palette" aria-label="Search">
      <div className="palette-box">
        <div className="palette-field">
          <Icon name="search" />
          <input className="palette-input" id="palette-input" type="text" role="combobox" autoComplete="off" spellCheck="false"
            aria-expanded="true" aria-controls="palette-results" aria-autocomplete="list" aria-label="Search"
            placeholder="Search pages and commands" />
        </div>
        <ul className="palette-results" id="palette-results" role="listbox" aria-label="Results" />
        <p className="palette-none" id="palette-none" hidden>Nothing found</p>
        <p className="palette-foot" aria-hidden="true">
          <span><kbd>↑</kbd><kbd>↓</kbd>to move</span><span><kbd>↵</kbd>to open</span><span><kbd>Esc</kbd>to close</span>
        </p>
      </div>
    </dialog>
  );
}
