#pragma once
// Result<T>: a value, or an Error whose message says in one sentence what went wrong.
//
// For start-up and configuration, where the reader is a person. The data path uses small status enums instead.

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace weir {

struct Error {
    std::string message;  // a sentence without a full stop; names the file, address or key in question
};

// Called by boost::system::result, through argument-dependent lookup, when value() is called on an error.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <typename T>
using Result = boost::system::result<T, Error>;

}  // namespace weir
