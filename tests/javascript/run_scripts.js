// Run Code Editor scripts with the official client, and give the graphs of what they show and export.
//
//     node run_scripts.js ADDRESS < scripts.json > graphs.json
//
// The scripts are a list of texts. ADDRESS is a server that lists Earth Engine's functions; nothing else is asked of it.
'use strict';

const ee = require('@google/earthengine');

function graph(object) {
  return JSON.parse(ee.Serializer.toCloudApiJSON(object));
}

function run(text) {
  const seen = {layers: [], exports: [], centres: [], printed: []};
  const Map = {
    // As the Code Editor does: the parameters of the view are those of `visualize`.
    addLayer: (image, view, name) => seen.layers.push({image: graph(image.visualize(view)), name}),
    centerObject: (object) => seen.centres.push(graph(object)),
  };
  const Export = {image: {toDrive: (options) => {
    ee.batch.Export.image.toDrive(Object.assign({}, options)); // refuses what it does not know
    seen.exports.push(Object.assign({}, options, {image: graph(options.image), region: graph(options.region)}));
  }}};
  const print = (object) => seen.printed.push(graph(object));
  new Function('ee', 'Map', 'Export', 'print', text)(ee, Map, Export, print);
  return seen;
}

async function standardInput() {
  const chunks = [];
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function runAll(scripts) {
  const results = scripts.map((text) => {
    try {
      return run(text);
    } catch (problem) {
      return {problem: String(problem && problem.stack)};
    }
  });
  process.stdout.write(JSON.stringify(results));
}

standardInput().then((text) => {
  const address = process.argv[2];
  ee.initialize(address, address, () => runAll(JSON.parse(text)), (problem) => {
    console.error(String(problem));
    process.exitCode = 1;
  }, null, 'sandbox-project');
});
