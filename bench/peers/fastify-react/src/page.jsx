// The home page of a signed-in person, inside its frame.
import { Banners, Palette, Sidebar, Topbar } from "./frame.jsx";
import { Icon, Tile, sections } from "./parts.jsx";

const SLOTS = [["home:top", "slot slot-top", "Top cards"], ["home:left", "slot slot-left", "Main cards"], ["home:right", "slot slot-right", "Side cards"]];

export function Page({ state }) {
  return (
    <>
      <a className="skip-link" href="#content">Skip to content</a>
      <div className="shell" id="shell" data-navigation="open" data-sheet="closed">
        <Sidebar state={state} />
        <a className="sheet-backdrop" href="#content" tabIndex="-1" aria-hidden="true" data-action="sheet-close" />
        <div className="frame" id="frame">
          <Topbar state={state} />
          <Banners />
          <main className="content" id="content" tabIndex="-1" data-page="local"><Home state={state} /></main>
        </div>
      </div>
      <Palette />
      <div className="visually-hidden" id="status" role="status" aria-live="polite" />
    </>
  );
}

function Home({ state }) {
  const { session } = state;
  const organization = session.organizations.find(({ id }) => id === session.orgId).name;
  return (
    <div className="page">
      <header className="page-head">
        <h1 className="page-title" tabIndex="-1">{`Welcome, ${session.name.split(" ")[0]}`}</h1>
        <p className="page-lead">{`What is going on at ${organization}`}</p>
      </header>
      <div className="slots">{SLOTS.map(([name, className, label]) => <Slot key={name} {...{ state, name, className, label }} />)}</div>
      <section className="launches" aria-labelledby="applications">
        <h2 className="section-title" id="applications">Applications</h2>
        <ul className="launch-grid">
          {sections(state).flatMap((section) => section.items).map((item) => <Launch key={item.path} item={item} />)}
        </ul>
      </section>
    </div>
  );
}

function Launch({ item }) {
  return (
    <li>
      <a className="launch" href={item.path}>
        <Tile id={item.application.id} name={item.title} />
        <span className="launch-text">
          <span className="launch-title">{item.title}</span>
          <span className="launch-owner">{`by ${item.application.owner}`}</span>
        </span>
      </a>
    </li>
  );
}

function Slot({ state, name, className, label }) {
  const cards = state.applications.flatMap((application) =>
    application.cards.filter((card) => card.slot === name).map((card) => ({ application, card })),
  );
  if (cards.length === 0) return null;
  return (
    <section className={className} aria-label={label}>
      <h2 className="visually-hidden">{label}</h2>
      {cards.map(({ application, card }) => <Card key={application.id} application={application} card={card} />)}
    </section>
  );
}

function Card({ application, card }) {
  const title = card.title ?? application.displayName;
  const open = `Open ${application.routes[0].title}`;
  return (
    <section className="card">
      <header className="card-head">
        <Tile id={application.id} name={application.displayName} />
        <h3 className="card-title">{title}</h3>
        <span className="card-owner">{`by ${application.owner}`}</span>
        <a className="icon-button card-open" href={application.routes[0].path} aria-label={open} title={open}><Icon name="arrow" /></a>
      </header>
      <div className="card-body">
        <div className="outlet" role="group" aria-label={title} data-phase="loading" aria-busy="true">
          <svg className="spacer" width="1" height={card.height} aria-hidden="true" />
          <div className="skeleton" aria-hidden="true" />
          <p className="slow-note without-script">{`${title} needs JavaScript. Turn it on to use this part of the portal.`}</p>
          <div className="outlet-host" />
          <div className="outlet-status" />
        </div>
      </div>
    </section>
  );
}
