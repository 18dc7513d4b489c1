-- http.lua -- lab.http: the routes that a script offers under `oomlab serve`.
--
--   http.get("/add", { "adds a slab", bytes = { false, "its size", bytes = true } },
--     function (request, heap, cage)
--       heap:slab(request.bytes)
--       return { { "added", request.bytes }, stats = true }
--     end)
--
-- Arguments are declared as a scenario's options are; one without a default has to be given. A
-- handler runs in the cage. It answers with nil (an empty body), a string (the body), or a table:
-- pairs of name and value in order, told as text or JSON as the client likes it; stats = true puts
-- the heap's statistics below; status =, or body = with type = instead of pairs.
local core = require "lab.core"
local names = require "lab.names"
local options = require "lab.options"

local http = {}

local PATH_BYTES_MAX, ARGUMENTS_MAX, DOC_BYTES_MAX = 63, 8, 200

-- The server's own paths (src/http/routes.c), of which a script may take /ping alone. /openapi too:
-- its JSON would be asked for as /openapi.json.
local OWN_PATHS = {}
for _, path in ipairs { "/", "/page.css", "/page.js", "/events", "/metrics", "/openapi", "/healthz",
  "/collect-policy", "/lives" } do
  OWN_PATHS[path] = true
end

-- What a request has beside its arguments.
local FIELD = "field of the request"
local RESERVED = { method = FIELD, path = FIELD, body = FIELD }

local function check_path(path)
  if type(path) ~= "string" or #path > PATH_BYTES_MAX or not path:match "^/[%w%-_/.]*$"
    or path:find("//", 1, true) or path:find("..", 1, true) or path:match "%.json$" then
    return nil, ("expected a path as in \"/add\": a slash, then letters, digits, - _ . /, at most "
      .. "%d bytes, no .json at its end"):format(PATH_BYTES_MAX)
  elseif OWN_PATHS[path] then
    return nil, ("the path %s is the server's own; of its paths a script may take /ping alone")
      :format(path)
  end
  return true
end

-- { "doc", name = declaration, ..., json = true }, "doc", or nothing.
local function read_about(about)
  if about == nil then
    about = {}
  elseif type(about) == "string" then
    about = { about }
  elseif type(about) ~= "table" then
    return nil, "expected what it does: a text, or a table of a text and arguments, not "
      .. type(about)
  end
  local doc = about[1] or ""
  if type(doc) ~= "string" or #doc > DOC_BYTES_MAX or doc:find "%c" then
    return nil, ("what it does must be one line of at most %d bytes"):format(DOC_BYTES_MAX)
  end
  local declarations = {}
  for name, value in pairs(about) do
    if name ~= 1 and name ~= "json" then
      declarations[name] = value
    end
  end
  if about.json ~= nil and type(about.json) ~= "boolean" then
    return nil, "json must be true or false"
  end
  local arguments, message = options.declare(declarations, RESERVED, "argument")
  if not arguments then
    return nil, message
  elseif #arguments > ARGUMENTS_MAX then
    return nil, ("more than %d arguments"):format(ARGUMENTS_MAX)
  end
  return { doc = doc, json = about.json or false, arguments = arguments }
end

local function declare(what, kind, is_post, path, about, handler)
  local fine, message = check_path(path)
  if not fine then
    return nil, what .. ": " .. message
  end
  if handler == nil and type(about) == "function" then
    about, handler = nil, about
  end
  if kind == "handler" and type(handler) ~= "function" then
    return nil, ("%s: %s: the handler is missing: a function of a request"):format(what, path)
  end
  local route
  route, message = read_about(about)
  if not route then
    return nil, ("%s: %s: %s"):format(what, path, message)
  end
  route.path, route.kind, route.post = path, kind, is_post
  fine, message = core.declare_route(route)
  if not fine then
    return nil, ("%s: %s: %s"):format(what, path, message)
  end
  return true
end

--- What a handler gets: these, and the route's arguments by name.
-- @table request
-- @tfield string method  "GET" or "POST"
-- @tfield string path
-- @tfield string body  up to 64 KiB; "" for a form
-- @tfield any [string]  the arguments

--- What a handler may answer with: pairs of name and value in order, or a body.
-- @table answer
-- @tfield[opt] any [integer]  { "added", 5 }: a value, told as text or JSON
-- @tfield[opt] boolean stats  the heap's statistics go below
-- @tfield[opt] integer status  200 to 599
-- @tfield[opt] string body
-- @tfield[opt] string type  of the body: "text/html"

--- A route for GET, and for POST as well. When it is loaded, a script that registers routes is a
-- service, for oomlab serve.
-- @function lab.http.get
-- @tparam string path  "/add"
-- @tparam string|table about  a line, or a table of it and of the arguments
-- @tparam fun(request:request,heap:heap,cage:cage):answer|string|nil handler
http.get = core.blame(function (path, about, handler)
  return declare("lab.http.get", "handler", false, path, about, handler)
end)

--- A route for POST alone.
-- @function lab.http.post
-- @tparam string path
-- @tparam string|table about
-- @tparam fun(request:request,heap:heap,cage:cage):answer|string|nil handler
http.post = core.blame(function (path, about, handler)
  return declare("lab.http.post", "handler", true, path, about, handler)
end)

--- The heap's statistics, answered by the lab from the flight recorder: however busy the heap is.
-- @function lab.http.statistics
-- @tparam string path
-- @tparam[opt] string|table about
http.statistics = core.blame(function (path, about)
  return declare("lab.http.statistics", "statistics", false, path, about)
end)

return names.close(http, "lab.http")
