#include "dump/dump.h"
