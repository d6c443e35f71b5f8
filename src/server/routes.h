#pragma once

#include <set>
#include <string>

#include "server/access.h"
#include "server/core.h"
#include "server/http_server.h"
#include "server/server.h"
#include "server/watcher.h"

namespace focusllm::server {

/// What handlers work with; outlives the server's connections.
struct Site {
  Core& core;
  const Options& options;
  Access& access;
  Watcher& watcher;
  HttpServer& http;
  /// Paths (path_pattern) that take a body; whatever is sent to others is not read.
  std::set<std::string> posts = {};
  std::set<std::string> deletes = {};  ///< paths of what can be removed

  /// What the names of documents begin with that who sends this request may see: nothing where all share
  /// them.
  std::string own_names(const httplib::Request& request) const {
    return options.share_cache ? std::string() : access.own_names(request);
  }
};

/// All that the server answers to.
void add_routes(Site& site);

// By topic.
void add_document_routes(Site& site);    ///< texts that are kept
void add_content_routes(Site& site);     ///< what these texts are
void add_file_routes(Site& site);        ///< files that texts are made of
void add_generation_routes(Site& site);  ///< answers
void add_model_routes(Site& site);       ///< what the model and the server are
void add_page_routes(Site& site);        ///< the page for people
void add_survey_routes(Site& site);      ///< every part of a text asked
void add_token_routes(Site& site);       ///< text and tokens

}  // namespace focusllm::server
