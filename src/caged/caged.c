#include "caged/caged.h"
