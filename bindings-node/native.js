module.exports = require('./identity-core.linux-x64-gnu.node')
